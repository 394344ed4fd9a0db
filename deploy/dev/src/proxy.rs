//! A TCP proxy that does harm on demand: it cuts, holds up, slows down, or swallows answers. It leads to one address only,
//! and knows nothing of what passes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What is read at once, in bytes.
const CHUNK: usize = 16 << 10;

/// What becomes of what passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It passes.
    Fair,
    /// Connections are closed, and new ones as soon as they are made.
    Cut,
    /// Connections stay, and nothing passes, in neither direction, until the weather changes.
    Stalled,
    /// Whatever passes waits so long before.
    Slow(Duration),
    /// What is asked passes; one answer of so many is thrown away, and its connection closed.
    LosesAnswers(u32),
}

/// A proxy before one server; its end closes all that passes through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    lost: Arc<AtomicU64>,
    listening: JoinHandle<()>,
}

/// What all connections of a proxy share.
#[derive(Clone)]
struct Passage {
    target: SocketAddr,
    weather: watch::Receiver<Weather>,
    lost: Arc<AtomicU64>,
}

/// Which way something goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Proxy {
    /// Listens on a free loopback port and leads whoever comes to `target`, in fair weather.
    ///
    /// # Errors
    /// There is no free port.
    ///
    /// # Panics
    /// It is not called on a runtime.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        listener.set_nonblocking(true).context("a listener that blocks")?;
        let listener = TcpListener::from_std(listener).context("no runtime listens")?;
        let address = listener.local_addr().context("a listener without an address")?;
        let (weather, seen) = watch::channel(Weather::Fair);
        let lost = Arc::<AtomicU64>::default();
        let passage = Passage { target, weather: seen, lost: Arc::clone(&lost) };
        let listening = tokio::spawn(listen(listener, passage));
        Ok(Self { address, weather, lost, listening })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather, for the connections that are there too.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// How many answers were thrown away so far.
    #[must_use]
    pub fn lost_answers(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, passage: Passage) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // One that was gone before it was taken is nobody's loss.
                let Ok((client, _)) = accepted else { continue };
                // How a connection ends is seen at both of its ends.
                connections.spawn(passage.clone().lead(client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Passage {
    async fn lead(mut self, client: TcpStream) -> io::Result<()> {
        if *self.weather.borrow() == Weather::Cut {
            return Ok(());
        }
        let server = TcpStream::connect(self.target).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((client_reads, client_writes), (server_reads, server_writes)) =
            (client.into_split(), server.into_split());
        let (there, back) = (self.clone(), self.clone());
        // Whichever ends first ends the whole connection.
        tokio::select! {
            ended = there.forward(Way::There, client_reads, server_writes) => ended,
            ended = back.forward(Way::Back, server_reads, client_writes) => ended,
            _ = self.weather.wait_for(|weather| *weather == Weather::Cut) => Ok(()),
        }
    }

    async fn forward(mut self, way: Way, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = from.read(&mut chunk).await?;
            if length == 0 {
                return Ok(());
            }
            if !self.may_pass(way).await {
                self.lost.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            to.write_all(&chunk[..length]).await?;
        }
    }

    /// Waits as the weather wants; false where this is to be thrown away.
    async fn may_pass(&mut self, way: Way) -> bool {
        loop {
            let weather = *self.weather.borrow_and_update();
            match weather {
                Weather::Stalled | Weather::Cut => {
                    // It ends with the proxy, which ends this too.
                    if self.weather.changed().await.is_err() {
                        return false;
                    }
                }
                Weather::Slow(wait) => {
                    tokio::time::sleep(wait).await;
                    return true;
                }
                Weather::LosesAnswers(of) => {
                    return way == Way::There || rand::random_range(0..of.max(1)) != 0;
                }
                Weather::Fair => return true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each byte with itself, and the proxy before it.
    async fn echo() -> (Proxy, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        stream.write_all(&byte).await.unwrap();
                    }
                });
            }
        });
        (proxy, serving)
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_all(&[7]).await?;
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        Ok(byte[0])
    }

    #[tokio::test]
    async fn it_cuts_what_is_there_and_what_comes_until_the_weather_is_fair_again() {
        let (proxy, serving) = echo().await;
        let mut there = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut there).await.unwrap(), 7);
        proxy.set(Weather::Cut);
        assert!(ask(&mut there).await.is_err());
        let mut comes = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(ask(&mut comes).await.is_err());
        proxy.set(Weather::Fair);
        let mut comes = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut comes).await.unwrap(), 7);
        serving.abort();
    }

    #[tokio::test]
    async fn what_is_stalled_or_slow_comes_whole_in_the_end() {
        let (proxy, serving) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Weather::Stalled);
        let waiting = tokio::spawn(async move { ask(&mut stream).await.map(|answer| (answer, stream)) });
        // A second connection is taken, and waits as well.
        let mut other = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), ask(&mut other)).await.is_err());
        assert!(!waiting.is_finished());
        proxy.set(Weather::Fair);
        let (answer, mut stream) = waiting.await.unwrap().unwrap();
        assert_eq!(answer, 7);
        let wait = Duration::from_millis(20);
        proxy.set(Weather::Slow(wait));
        let begun = tokio::time::Instant::now();
        assert_eq!(ask(&mut stream).await.unwrap(), 7);
        assert!(begun.elapsed() >= 2 * wait);
        serving.abort();
    }

    #[tokio::test]
    async fn an_answer_that_is_lost_ends_its_connection_and_is_counted() {
        let (proxy, serving) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Weather::LosesAnswers(1));
        assert!(ask(&mut stream).await.is_err());
        assert_eq!(proxy.lost_answers(), 1);
        serving.abort();
    }
}
