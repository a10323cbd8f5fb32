//! From flags to the configuration of a server.

use super::Args;
use super::flags::{AuditFormat, AuditMode, Mode, TlsVersion};
use crate::exit::usage;
use anyhow::Context as _;
use ravelin_apiserver::audit;
use ravelin_apiserver::config::{
    Anonymous, Authentication, AuthorizationMode, Config, Controllers, RequestHeader, ServiceAccounts,
};
use ravelin_auditlog::{Policy, Truncation};
use ravelin_authn::config::AuthenticationConfiguration;
use ravelin_server::transport::tls::Lowest;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The most bytes of a body: `k8s.io/apiserver/pkg/server/config.go` `MaxRequestBodyBytes`.
const BODY: usize = 3 * 1024 * 1024;

pub(super) fn config(args: &Args) -> anyhow::Result<Config> {
    let listener = &args.listener;
    let address = SocketAddr::new(listener.bind_address, listener.secure_port);
    let data = (!args.ephemeral).then(|| args.data_dir.clone());
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Config {
        address,
        external_address: external_address(args),
        names: listener.tls_san.clone(),
        kubeconfig: Some(kubeconfig(args)),
        data,
        certificate: listener.tls_cert_file.clone().zip(listener.tls_private_key_file.clone()),
        lowest: match listener.tls_min_version {
            TlsVersion::Tls12 => Lowest::Tls12,
            TlsVersion::Tls13 => Lowest::Tls13,
        },
        authentication: authentication(args)?,
        authorization: authorization(args)?,
        service_accounts: service_accounts(args),
        enable_plugins: args.admission.enable_admission_plugins.clone(),
        disable_plugins: args.admission.disable_admission_plugins.clone(),
        admission_configuration: args.admission.admission_control_config_file.clone(),
        not_ready_toleration_seconds: args.admission.default_not_ready_toleration_seconds,
        unreachable_toleration_seconds: args.admission.default_unreachable_toleration_seconds,
        allow_privileged: args.admission.allow_privileged,
        audit: audit(args)?,
        service_range: listener.service_cluster_ip_range,
        controllers: Controllers::parse(&args.loops.controllers).map_err(usage)?,
        request_timeout: listener.request_timeout,
        reads_in_flight: count(listener.max_requests_inflight),
        writes_in_flight: count(listener.max_mutating_requests_inflight),
        body_limit: BODY,
        drain: listener.shutdown_delay_duration,
        grace: listener.shutdown_grace_duration,
    })
}

/// The address by which others reach it, if it is not the one it listens at.
fn external_address(args: &Args) -> Option<String> {
    let listener = &args.listener;
    if let Some(host) = &listener.external_hostname {
        return Some(if host.contains(':') {
            host.clone()
        } else {
            format!("{host}:{}", listener.secure_port)
        });
    }
    let address = listener.advertise_address.filter(|address| *address != listener.bind_address)?;
    Some(SocketAddr::new(address, listener.secure_port).to_string())
}

fn kubeconfig(args: &Args) -> PathBuf {
    if let Some(path) = &args.write_kubeconfig {
        return path.clone();
    }
    if args.ephemeral {
        return std::env::temp_dir().join(format!("ravelin-{}", std::process::id())).join("admin.kubeconfig");
    }
    args.data_dir.join("admin.kubeconfig")
}

fn authentication(args: &Args) -> anyhow::Result<Authentication> {
    let given = &args.authentication;
    let anonymous = match &given.authentication_config {
        None if given.anonymous_auth => Anonymous::Everywhere,
        None => Anonymous::Never,
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            let loaded = AuthenticationConfiguration::load(&text)
                .with_context(|| format!("{} cannot be used", path.display()))?;
            match loaded.anonymous {
                None => Anonymous::Everywhere,
                Some(anonymous) if !anonymous.enabled => Anonymous::Never,
                Some(anonymous) if anonymous.paths.is_empty() => Anonymous::Everywhere,
                Some(anonymous) => Anonymous::At(anonymous.paths),
            }
        }
    };
    let request_header = given.requestheader_client_ca_file.clone().map(|authorities| RequestHeader {
        authorities,
        allowed_names: given.requestheader_allowed_names.clone(),
        users: given.requestheader_username_headers.clone(),
        uids: given.requestheader_uid_headers.clone(),
        groups: given.requestheader_group_headers.clone(),
        extra_prefixes: given.requestheader_extra_headers_prefix.clone(),
    });
    if let (Some(clients), Some(proxies)) = (&given.client_ca_file, &given.requestheader_client_ca_file)
        && given.requestheader_allowed_names.is_empty()
        && std::fs::read(clients).ok() == std::fs::read(proxies).ok()
    {
        return Err(usage(
            "--requestheader-client-ca-file and --client-ca-file hold the same authority, and --requestheader-allowed-names is not given: every client could say that it is a proxy",
        ));
    }
    Ok(Authentication {
        client_authorities: given.client_ca_file.clone(),
        token_file: given.token_auth_file.clone(),
        bootstrap_tokens: given.enable_bootstrap_token_auth,
        request_header,
        anonymous,
        audiences: given.api_audiences.clone(),
    })
}

fn authorization(args: &Args) -> anyhow::Result<Vec<AuthorizationMode>> {
    let given = &args.authorization;
    let mut modes = Vec::new();
    for (index, mode) in given.authorization_mode.iter().enumerate() {
        if given.authorization_mode.iter().take(index).any(|other| other == mode) {
            return Err(usage("--authorization-mode names one mode twice"));
        }
        modes.push(match mode {
            Mode::Node => AuthorizationMode::Node,
            Mode::Rbac => AuthorizationMode::Rbac,
            Mode::AlwaysAllow => AuthorizationMode::AlwaysAllow,
            Mode::AlwaysDeny => AuthorizationMode::AlwaysDeny,
            Mode::Abac => match &given.authorization_policy_file {
                Some(path) => AuthorizationMode::Abac(path.clone()),
                None => {
                    return Err(usage("authorization-mode ABAC's authorization policy file not passed: give --authorization-policy-file"));
                }
            },
        });
    }
    if given.authorization_policy_file.is_some() && !given.authorization_mode.contains(&Mode::Abac) {
        return Err(usage("cannot specify --authorization-policy-file without mode ABAC"));
    }
    Ok(modes)
}

fn service_accounts(args: &Args) -> ServiceAccounts {
    let given = &args.tokens;
    ServiceAccounts {
        issuers: given.service_account_issuer.clone(),
        keys: given.service_account_key_file.clone(),
        signing_key: given.service_account_signing_key_file.clone(),
        jwks_uri: given.service_account_jwks_uri.clone(),
        max_expiration: given.service_account_max_token_expiration,
        extend_expiration: given.service_account_extend_token_expiration,
        lookup: given.service_account_lookup,
    }
}

fn audit(args: &Args) -> anyhow::Result<Option<audit::Config>> {
    let given = &args.audit;
    let (Some(policy), Some(path)) = (&given.audit_policy_file, &given.audit_log_path) else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(policy).with_context(|| format!("reading {}", policy.display()))?;
    let parsed = Policy::load(&text).with_context(|| format!("from file {}", policy.display()))?;
    if let Some(warning) = &parsed.warning {
        tracing::warn!(warning, "audit policy");
    }
    let batching = audit::Batching {
        buffer: given.audit_log_batch_buffer_size,
        size: given.audit_log_batch_max_size,
        wait: given.audit_log_batch_max_wait,
    };
    Ok(Some(audit::Config {
        policy: parsed.policy,
        path: path.clone(),
        format: match given.audit_log_format {
            AuditFormat::Json => audit::Format::Json,
            AuditFormat::Legacy => audit::Format::Legacy,
        },
        mode: match given.audit_log_mode {
            AuditMode::Batch => audit::Mode::Batch(batching),
            AuditMode::Blocking => audit::Mode::Blocking,
            AuditMode::BlockingStrict => audit::Mode::BlockingStrict,
        },
        rotation: audit::Rotation {
            size: given.audit_log_maxsize.saturating_mul(1024 * 1024),
            backups: given.audit_log_maxbackup,
            age_days: given.audit_log_maxage,
        },
        truncation: given.audit_log_truncate_enabled.then_some(Truncation {
            max_event_size: given.audit_log_truncate_max_event_size,
            max_batch_size: given.audit_log_truncate_max_batch_size,
        }),
    }))
}
