//! A copy of a SQLite database as of one instant, while others read and write it.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};

/// How often progress is told.
const TOLD: Duration = Duration::from_secs(2);

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum NoBackup {
    /// Nothing is ever written over.
    #[error("{0} exists: a backup does not write over anything")]
    Exists(PathBuf),
    #[error("{}: {cause}", file.display())]
    File {
        file: PathBuf,
        cause: std::io::Error,
    },
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("this copies a SQLite database, and the database is another")]
    NoSqlite,
}

/// Copies the SQLite database at `url` to `to`; answers how many bytes that are.
///
/// The copy is of one instant, holds all that was committed before it began, and is on the disk before it has its name:
/// until then it is called the same with `.part` at the end. Only its owner can read it.
///
/// `progress` hears every two seconds how many bytes are written, and about how many it will be.
///
/// # Errors
/// [`NoBackup`]; there is then nothing at `to` that was not there before.
pub async fn backup(
    url: &str,
    to: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64, NoBackup> {
    if !url.starts_with("sqlite:") {
        return Err(NoBackup::NoSqlite);
    }
    let options = SqliteConnectOptions::from_str(url)?.create_if_missing(false);
    let at = |file: &Path| {
        let file = file.to_owned();
        move |cause| NoBackup::File { file, cause }
    };
    if to.symlink_metadata().is_ok() {
        return Err(NoBackup::Exists(to.to_owned()));
    }
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let size =
        sqlx::query("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            .fetch_one(&mut connection)
            .await?
            .try_get::<i64, _>(0)?;
    let part = part_of(to);
    let draft = Draft::begin(&part)?;
    let copying = sqlx::query("VACUUM INTO ?").bind(part.to_string_lossy().into_owned());
    let mut copying = Box::pin(copying.execute(&mut connection));
    loop {
        match tokio::time::timeout(TOLD, &mut copying).await {
            Ok(copied) => {
                copied?;
                break;
            }
            Err(_) => progress(draft.size(), u64::try_from(size).unwrap_or(0)),
        }
    }
    drop(copying);
    let file = File::open(&part).map_err(at(&part))?;
    file.sync_all().map_err(at(&part))?;
    let bytes = draft.size();
    draft.becomes(to)?;
    connection.close().await?;
    Ok(bytes)
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A file that is not finished; it goes when this goes.
struct Draft<'a>(&'a Path);

impl<'a> Draft<'a> {
    /// Empty, and readable by its owner only: SQLite writes into such a file as it is.
    fn begin(part: &'a Path) -> Result<Self, NoBackup> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(part) {
            Ok(_) => Ok(Self(part)),
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
                Err(NoBackup::Exists(part.to_owned()))
            }
            Err(cause) => Err(NoBackup::File {
                file: part.to_owned(),
                cause,
            }),
        }
    }

    fn size(&self) -> u64 {
        fs::metadata(self.0).map_or(0, |file| file.len())
    }

    /// A link rather than a new name, since that takes the place of what came there meanwhile.
    fn becomes(self, to: &Path) -> Result<(), NoBackup> {
        let file = |cause| NoBackup::File {
            file: to.to_owned(),
            cause,
        };
        match fs::hard_link(self.0, to) {
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
                return Err(NoBackup::Exists(to.to_owned()));
            }
            Err(_) if to.symlink_metadata().is_ok() => {
                return Err(NoBackup::Exists(to.to_owned()));
            }
            // Some file systems have no links.
            Err(_) => fs::rename(self.0, to).map_err(file)?,
            Ok(()) => {}
        }
        drop(self);
        // The name is on the disk once the folder is.
        #[cfg(unix)]
        {
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(file)?;
        }
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // After a rename there is none; what cannot be removed is told by the next backup.
        let _ = fs::remove_file(self.0);
    }
}
