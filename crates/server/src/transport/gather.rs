//! Small writes of many streams, gathered.
//!
//! In HTTP/2 each stream is a task of its own that hands its frame to the connection, and the scheduler runs the
//! connection right after it, which flushes after each frame: an event to fifty watchers of one client would be fifty
//! records of TLS, fifty calls of the kernel, and fifty wake-ups of the client. Here a flush is only promised, and kept
//! when the connection runs next: after every task that is ready now.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

/// The most bytes of a record of TLS.
const RECORD: usize = 16 * 1024;

/// A stream that sends what was written when it makes a record, and otherwise a turn of the scheduler after it was
/// asked to.
///
/// Whoever uses it has to read whenever it is woken, as a connection of HTTP/2 does: that is when promises are kept.
#[derive(Debug)]
pub(super) struct Gathering<S> {
    stream: BufWriter<S>,
    /// Whether a flush was promised, and the task woken for it.
    has_promised: bool,
}

impl<S: AsyncWrite> Gathering<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream: BufWriter::with_capacity(RECORD, stream), has_promised: false }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Where the peer takes no more for now, reading goes on all the same, and it is tried again when it does.
        if self.has_promised
            && let Poll::Ready(flushed) = Pin::new(&mut self.stream).poll_flush(context)
        {
            flushed?;
            self.has_promised = false;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
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

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stream.buffer().is_empty() && !self.has_promised {
            return Pin::new(&mut self.stream).poll_flush(context);
        }
        if !self.has_promised {
            self.has_promised = true;
            // A task that wakes itself goes to the end of the queue.
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::task::noop_waker_ref;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    /// What has arrived, without waiting for more.
    fn arrived(peer: &mut DuplexStream) -> usize {
        let mut scrap = vec![0; 64 * 1024];
        let mut buffer = ReadBuf::new(&mut scrap);
        let _ = Pin::new(peer).poll_read(&mut Context::from_waker(noop_waker_ref()), &mut buffer);
        buffer.filled().len()
    }

    /// The connection has its turn.
    fn turn(stream: &mut Gathering<DuplexStream>) {
        let mut scrap = [0; 8];
        let mut buffer = ReadBuf::new(&mut scrap);
        let read = Pin::new(stream).poll_read(&mut Context::from_waker(noop_waker_ref()), &mut buffer);
        assert!(read.is_pending());
    }

    #[tokio::test]
    async fn what_is_written_in_a_turn_goes_together_in_the_next() {
        let (ours, mut theirs) = duplex(1 << 20);
        let mut stream = Gathering::new(ours);
        for _ in 0..3 {
            stream.write_all(&[0; 100]).await.unwrap();
            stream.flush().await.unwrap();
        }
        assert_eq!(arrived(&mut theirs), 0);
        turn(&mut stream);
        assert_eq!(arrived(&mut theirs), 300);
        // A record is sent as soon as it is one.
        stream.write_all(&[0; RECORD + 1]).await.unwrap();
        assert_eq!(arrived(&mut theirs), RECORD + 1);
        stream.write_all(&[0; 7]).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(arrived(&mut theirs), 7);
    }

    #[tokio::test]
    async fn who_asks_for_a_flush_is_woken_to_keep_it() {
        let (ours, mut theirs) = duplex(1 << 20);
        let mut stream = Gathering::new(ours);
        let connection = tokio::spawn(async move {
            stream.write_all(b"hello").await.unwrap();
            stream.flush().await.unwrap();
            stream.read_u8().await
        });
        let mut hello = [0; 5];
        theirs.read_exact(&mut hello).await.unwrap();
        assert_eq!(&hello, b"hello");
        theirs.write_u8(1).await.unwrap();
        assert_eq!(connection.await.unwrap().unwrap(), 1);
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_for_a_while_gets_it_later() {
        let (ours, mut theirs) = duplex(10);
        let mut stream = Gathering::new(ours);
        stream.write_all(&[0; 25]).await.unwrap();
        stream.flush().await.unwrap();
        let mut all = 0;
        for expected in [10, 10, 5, 0] {
            turn(&mut stream);
            assert_eq!(arrived(&mut theirs), expected);
            all += expected;
        }
        assert_eq!(all, 25);
    }
}
