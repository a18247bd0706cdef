//! TLS for the stub, from a certificate authority that exists for one run. Needs the `openssl` command.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Where systems keep the certificates they trust, in one file.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What the made-up authority is asked to do, in order; run in its folder.
const COMMANDS: [&str; 3] = [
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=bench-ca",
    "req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=127.0.0.1",
    "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile leaf.ext",
];

/// The authority and the certificate it gave to the stub.
pub(crate) struct Authority {
    server: Server,
    /// The system's trusted certificates and the authority's, in one file as on Lambda.
    pub(crate) bundle: PathBuf,
}

/// Accepts connections in TLS.
#[derive(Clone)]
pub(crate) struct Server(Arc<ServerConfig>);

impl Server {
    /// The connection, once it speaks TLS.
    pub(crate) fn accept(&self, stream: TcpStream) -> Option<StreamOwned<ServerConnection, TcpStream>> {
        Some(StreamOwned::new(ServerConnection::new(Arc::clone(&self.0)).ok()?, stream))
    }
}

impl Authority {
    /// Makes the authority's files in a folder.
    pub(crate) fn make(folder: &Path) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        fs::write(folder.join("leaf.ext"), "subjectAltName=IP:127.0.0.1\n")
            .map_err(|error| error.to_string())?;
        for command in COMMANDS {
            let made = Command::new("openssl").args(command.split(' ')).current_dir(folder).output();
            let made = made.map_err(|error| format!("--tls needs the command openssl: {error}"))?;
            if !made.status.success() {
                return Err(format!("openssl {command}: {}", String::from_utf8_lossy(&made.stderr)));
            }
        }
        let own = fs::read_to_string(folder.join("ca.pem")).map_err(|error| error.to_string())?;
        let system = system_bundle().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let bundle = folder.join("bundle.pem");
        fs::write(&bundle, system + &own).map_err(|error| error.to_string())?;
        Ok(Self { server: Server(Arc::new(server_config(folder)?)), bundle })
    }

    /// What the stub accepts connections with.
    pub(crate) fn server(&self) -> Server {
        self.server.clone()
    }
}

/// The system's trusted certificates, where they are one file.
pub(crate) fn system_bundle() -> Option<&'static str> {
    BUNDLES.into_iter().find(|path| Path::new(path).is_file())
}

fn server_config(folder: &Path) -> Result<ServerConfig, String> {
    let chain = CertificateDer::from_pem_file(folder.join("leaf.pem")).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_file(folder.join("leaf.key")).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key);
    config.map_err(|error| error.to_string())
}
