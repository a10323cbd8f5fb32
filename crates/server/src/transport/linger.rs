//! The end of a connection whose peer may still be sending.
//!
//! A socket that is closed while bytes wait in it resets the connection, and a reset takes away what the peer has not
//! read yet: the 413 or 431 that says why it should stop. So the end is said first (`close_notify` and FIN), and what
//! still comes is read and forgotten for a moment. Go's `net/http` waits as long (`rstAvoidanceDelay`, 500 ms).

use super::life::{Life, Phase};
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a peer may go on sending after it was told that this is the end.
const MOMENT: Duration = Duration::from_millis(500);

/// A stream whose shutdown lets the peer read what was last said to it.
#[derive(Debug)]
pub(super) struct Lingering<S> {
    stream: S,
    life: Life,
    end: End,
}

#[derive(Debug)]
enum End {
    /// Nothing was said of an end, or it is being said.
    Open,
    /// The peer has been told; reading until then, or until it ends as well.
    Told(Pin<Box<Sleep>>),
    /// Nothing more comes that anybody waits for.
    Over,
}

impl<S> Lingering<S> {
    /// A stream that lingers while `life` goes on: nobody waits for it when the server stops.
    pub(super) fn new(stream: S, life: Life) -> Self {
        Self { stream, life, end: End::Open }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.end {
                End::Open => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                    this.end = if this.life.phase() >= Phase::Stopping {
                        End::Over
                    } else {
                        End::Told(Box::pin(sleep_until(Instant::now() + MOMENT)))
                    };
                }
                End::Told(until) => {
                    if until.as_mut().poll(context).is_pending() {
                        let mut scrap = [0; 16 * 1024];
                        let mut buffer = ReadBuf::new(&mut scrap);
                        let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer));
                        if read.is_ok() && !buffer.filled().is_empty() {
                            continue;
                        }
                    }
                    this.end = End::Over;
                }
                End::Over => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::life;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    /// A server that reads little, says why it stops, and ends; and a client that sends everything before it reads.
    async fn last_words(linger: bool) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (reaper, life) = life::new();
            if !linger {
                tokio::spawn(reaper.end(Duration::ZERO, Duration::from_secs(60)));
                life.clone().reached(Phase::Stopping).await;
            }
            let mut stream = Lingering::new(stream, life);
            stream.read_exact(&mut [0; 1000]).await.unwrap();
            stream.write_all(b"too much").await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(&vec![0; 4 << 20]).await?;
        server.await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_peer_that_sends_too_much_gets_to_read_why() {
        // The client never ends its side, so the whole moment passes.
        assert_eq!(last_words(true).await.unwrap(), "too much");
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_for_nobody() {
        assert!(last_words(false).await.is_err());
    }
}
