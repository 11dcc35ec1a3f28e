//! An Azure DevOps of its own, on loopback: two organizations with their feeds, a sample project and the
//! crates that it needs. Written from azure-contract alone; shares no type with the client, so that a wrong
//! field name can't pass on both sides. Touches nothing outside its own folder.

mod access;
mod blob;
mod call;
mod crates;
mod entra;
mod error;
mod faults;
mod front;
mod hostile;
mod pace;
mod pats;
mod project;
mod publish;
mod refusal;
mod registry;
mod reply;
mod routes;
mod server;
#[cfg(test)]
mod tests;
mod world;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use access::DemoTokens;
pub use crates::MadeCrates;
pub use entra::Fate;
pub use error::DemoError;
pub use faults::{Fault, Resource, Where};
pub use hostile::PAYLOAD;
pub use pace::Pace;
pub use server::RequestLog;

use access::{Access, random_token};
use crates::Catalog;
use front::{Front, ServerFront};
use project::{Folder, Kept};
use server::{Site, State, connection, serve};

use crate::domain::credential::Secret;

const LOOPBACK: &str = "127.0.0.1";

/// Where the demo lives, and how fast it is.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// A folder that is kept, with its token and ports; `None`: a temporary one that goes with the demo.
    pub dir: Option<PathBuf>,
    /// Where a temporary folder is made.
    pub temp_parent: PathBuf,
    pub pace: Pace,
}

/// A running demo. On drop it stops serving and removes its temporary folder.
pub struct Demo {
    folder: Folder,
    project: PathBuf,
    cargo_home: PathBuf,
    state_dir: PathBuf,
    state: Arc<State>,
    servers: [JoinHandle<()>; 2],
}

impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demo").field("folder", &self.folder.root).finish_non_exhaustive()
    }
}

impl Demo {
    /// Makes the folder or goes on in it, listens on 127.0.0.1 and serves from then on. Needs tokio.
    ///
    /// # Errors
    /// When the folder is refused (product.md, 'The demo') or can't be written, or when there is no port.
    pub async fn start(options: DemoOptions) -> Result<Self, DemoError> {
        Self::serve(options, Catalog::packed).await
    }

    /// The same with generated crates in place of its own. Such a folder is not to be kept for another demo.
    ///
    /// # Errors
    /// As [`Demo::start`].
    pub async fn start_with(options: DemoOptions, crates: MadeCrates) -> Result<Self, DemoError> {
        Self::serve(options, move || Arc::new(Catalog::made(crates))).await
    }

    async fn serve(
        options: DemoOptions,
        pack: impl FnOnce() -> Arc<Catalog> + Send + 'static,
    ) -> Result<Self, DemoError> {
        let DemoOptions { dir, temp_parent, pace } = options;
        let (folder, before) = blocking(move || Folder::open(dir.as_deref(), &temp_parent)).await?;
        let mut world = match &before {
            Some(kept) => kept.clone(),
            None => Kept::new(random_token()?),
        };
        let azure = listen(world.ports[0]).await?;
        let blobs = listen(world.ports[1]).await?;
        world.ports = [port_of(&azure)?, port_of(&blobs)?];
        let origins = (origin(world.ports[0]), origin(world.ports[1]));
        let access = Access::of(&world.token);
        let (saved, made) = (world.saved.clone(), world.feeds.clone());
        let by_people = (world.pats.clone(), world.published.clone());
        let hostile = world.hostile;
        let (folder, catalog) = blocking(move || {
            let catalog = pack();
            folder.furnish(&world, before.as_ref(), &catalog)?;
            Ok((folder, catalog))
        })
        .await?;
        let state = Arc::new(State::new(catalog, access, (origins, pace), (saved, &made), by_people));
        if hostile {
            state.turn_hostile();
        }
        Ok(Self {
            project: folder.project(),
            cargo_home: folder.cargo_home(),
            state_dir: folder.state(),
            folder,
            servers: [
                tokio::spawn(serve(azure, Site::Azure, Arc::clone(&state))),
                tokio::spawn(serve(blobs, Site::Blobs, Arc::clone(&state))),
            ],
            state,
        })
    }

    /// `http://127.0.0.1:PORT`. An organization's base is `{origin}/{organization}`, as a collection's on an
    /// Azure DevOps Server.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// The sample project.
    #[must_use]
    pub fn project_dir(&self) -> &Path {
        &self.project
    }

    #[must_use]
    pub fn cargo_home(&self) -> &Path {
        &self.cargo_home
    }

    /// For what the wizard remembers.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The personal access token of this world, which a person is shown to paste.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.tokens().full
    }

    /// Every token of this world, for tests.
    #[must_use]
    pub fn tokens(&self) -> &DemoTokens {
        &self.state.access.tokens
    }

    /// Has the next so many requests to that place meet the fault; `u32::MAX` of them: all.
    pub fn arm(&self, fault: Fault, place: Where, times: u32) {
        self.state.faults.arm(fault, place, times);
    }

    /// Takes back every fault.
    pub fn disarm(&self) {
        self.state.faults.disarm();
    }

    /// The same world under the host names of Azure DevOps Services, for whoever brings the connections there.
    #[must_use]
    pub fn under_cloud_names(&self) -> Entrance {
        Entrance { front: Front::Cloud, state: Arc::clone(&self.state) }
    }

    /// One organization as the collection of an Azure DevOps Server at that address, such as
    /// `http://127.0.0.1:PORT/tfs/DefaultCollection`.
    #[must_use]
    pub fn as_server(&self, base: &str, organization: &str) -> Entrance {
        let server = ServerFront { base: base.into(), organization: organization.into() };
        Entrance { front: Front::Server(server), state: Arc::clone(&self.state) }
    }

    /// Also writes every request to the end of that file from now on, as JSON lines without credentials.
    pub fn log_to(&self, file: PathBuf) {
        self.state.log_to(file);
    }

    /// Has every text of every answer carry the [`PAYLOAD`] from now on, also in the next demo of a kept folder.
    pub fn turn_hostile(&self) {
        self.state.turn_hostile();
    }

    /// Has codes wait for the page, or for [`Demo::settle_codes`]; none is approved by itself any more.
    pub fn hold_codes(&self) {
        self.state.entra.hold();
    }

    /// The codes that wait for a person, as that person would type them.
    #[must_use]
    pub fn waiting_codes(&self) -> Vec<String> {
        self.state.entra.waiting()
    }

    /// What the person does with every code that waits.
    pub fn settle_codes(&self, fate: Fate) {
        self.state.entra.settle(fate);
    }

    /// The access token of a person who has signed in to Entra.
    #[must_use]
    pub fn entra_token(&self) -> Secret {
        Secret::new(self.state.entra.sign_in().access)
    }

    /// Ends every access token of Entra, as an hour does.
    pub fn end_entra_tokens(&self) {
        self.state.entra.end_tokens();
    }

    /// From now on this is the time of day, in seconds since 1970: tokens that were made with an earlier end are dead.
    /// Before it is told, time does not matter.
    pub fn it_is(&self, now: u64) {
        self.state.pats.it_is(now);
    }

    /// The last ten thousand requests, to both origins, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestLog> {
        self.state.requests()
    }
}

/// Another way into the world of a demo, under other names than its own.
#[derive(Debug, Clone)]
pub struct Entrance {
    front: Front,
    state: Arc<State>,
}

impl Entrance {
    /// Serves one connection of HTTP/1 to its end. Whoever calls this has listened, and has taken TLS off.
    pub async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        connection(stream, (Site::Azure, self.front), self.state).await;
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
        // The demo goes on without it: readers will miss what was saved in this run, and everyone what was made.
        let state = &self.state;
        let _ = self.folder.remember(|world| {
            (world.saved, world.feeds) = (state.saved(), state.world().kept());
            (world.pats, world.published) = (state.pats.kept(), state.shelf.kept());
            world.hostile = state.is_hostile();
        });
    }
}

/// Listens on the port of before, or where that is taken on any.
async fn listen(port: u16) -> Result<TcpListener, DemoError> {
    match TcpListener::bind((LOOPBACK, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((LOOPBACK, 0)).await.map_err(DemoError::Listen),
    }
}

fn port_of(listener: &TcpListener) -> Result<u16, DemoError> {
    listener.local_addr().map(|address| address.port()).map_err(DemoError::Listen)
}

fn origin(port: u16) -> String {
    format!("http://{LOOPBACK}:{port}")
}

/// Runs what would hold up an async thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DemoError> + Send + 'static,
) -> Result<T, DemoError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| DemoError::Stopped)?
}
