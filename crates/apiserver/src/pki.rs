//! The authority of a server that was given none: made at the first start, kept with the data.

use anyhow::Context as _;
use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// The names by which every API server is known.
const NAMES: [&str; 6] = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "127.0.0.1",
];

/// An authority and its key, PEM.
pub(crate) struct Authority {
    /// The certificate.
    pub(crate) certificate: String,
    key: Zeroizing<String>,
}

/// A certificate and its key, PEM.
pub(crate) struct Pair {
    /// The certificate.
    pub(crate) certificate: String,
    /// The key.
    pub(crate) key: Zeroizing<String>,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// Where no random numbers can be had.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = Self::parameters().self_signed(&key)?.pem();
        Ok(Self { certificate, key: Zeroizing::new(key.serialize_pem()) })
    }

    fn parameters() -> CertificateParams {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "ravelin");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        parameters
    }

    /// The authority in a folder; made there if there is none.
    ///
    /// # Errors
    /// Where the folder cannot be read or written.
    pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let (certificate, key) = (folder.join("ca.crt"), folder.join("ca.key"));
        if certificate.exists() && key.exists() {
            let read =
                |path: &Path| fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
            return Ok(Self { certificate: read(&certificate)?, key: Zeroizing::new(read(&key)?) });
        }
        make_folder(folder)?;
        let made = Self::new()?;
        write_private(&key, made.key.as_bytes())?;
        write_private(&certificate, made.certificate.as_bytes())?;
        Ok(made)
    }

    fn sign(&self, parameters: &CertificateParams) -> anyhow::Result<Pair> {
        let key = KeyPair::from_pem(&self.key).context("the key of the authority cannot be read")?;
        let own_parameters = Self::parameters();
        let issuer = Issuer::from_params(&own_parameters, key);
        let own = KeyPair::generate()?;
        let certificate = parameters.signed_by(&own, &issuer)?;
        Ok(Pair { certificate: certificate.pem(), key: Zeroizing::new(own.serialize_pem()) })
    }

    /// A certificate of a server that is reached at an address, and under further names.
    ///
    /// # Errors
    /// Where a name is none.
    pub(crate) fn server(&self, further: &[String]) -> anyhow::Result<Pair> {
        let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
        names.extend(further.iter().filter(|name| !NAMES.contains(&name.as_str())).cloned());
        let mut parameters =
            CertificateParams::new(names).context("a name for the certificate cannot be used")?;
        parameters.distinguished_name.push(DnType::CommonName, "ravelin-apiserver");
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        self.sign(&parameters)
    }

    /// A certificate of a client.
    ///
    /// # Errors
    /// Where no random numbers can be had.
    pub(crate) fn client(&self, user: &str, group: &str) -> anyhow::Result<Pair> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::OrganizationName, group);
        parameters.distinguished_name.push(DnType::CommonName, user);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        parameters.use_authority_key_identifier_extension = true;
        self.sign(&parameters)
    }
}

/// The key that signs tokens, in a folder; made there if there is none.
///
/// # Errors
/// Where the folder cannot be read or written.
pub(crate) fn signing_key(folder: Option<&Path>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let path = folder.map(|folder| folder.join("sa.key"));
    if let Some(path) = path.as_ref().filter(|path| path.exists()) {
        let read = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        return Ok(Zeroizing::new(read));
    }
    let key = Zeroizing::new(KeyPair::generate()?.serialize_pem().into_bytes());
    if let Some(path) = path {
        write_private(&path, &key)?;
    }
    Ok(key)
}

/// A kubeconfig for an administrator.
pub(crate) fn kubeconfig(server: &str, authority: &str, client: &Pair) -> Zeroizing<String> {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let key = Zeroizing::new(encode(&client.key));
    Zeroizing::new(format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: ravelin\n  cluster:\n    server: {server}\n    certificate-authority-data: {}\nusers:\n- name: admin\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\ncontexts:\n- name: ravelin\n  context:\n    cluster: ravelin\n    user: admin\ncurrent-context: ravelin\n",
        encode(authority),
        encode(&client.certificate),
        key.as_str()
    ))
}

/// Makes a folder that only its owner may enter, unless it is there.
///
/// # Errors
/// Where it cannot be made.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("making the folder {}", folder.display()))
}

/// Writes a file that only its owner may read, as a whole or not at all.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        let _ = fs::remove_file(&beside);
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}
