//! Where the operator's command looks: an AWS account, or a local stack.

use std::fs;
use std::path::PathBuf;

use aws_credential_types::provider::ProvideCredentials as _;
use clap::Args;
use recoup_aws::config::AwsConfig;
use recoup_aws::table::Table;
use recoup_core::Secret;
use serde::Deserialize;
use thiserror::Error;

/// Which deployment to look at. Credentials come from the usual AWS places: environment, profile, SSO.
#[derive(Debug, Args)]
pub struct Place {
    /// The table, as in the stack's output `TableName`.
    #[arg(long, global = true)]
    table: Option<String>,
    /// The AWS profile.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// The AWS region.
    #[arg(long, global = true)]
    region: Option<String>,
    /// A local stack's file, for example .local/stack.json.
    #[arg(long, global = true)]
    stack: Option<PathBuf>,
}

/// Why the deployment could not be reached.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// Neither a table nor a local stack was named.
    #[error(
        "name the table with --table (the stack's output TableName), or a local stack with --stack .local/stack.json"
    )]
    NoTable,
    /// Nobody is there to ask AWS as, or nowhere to ask it.
    #[error("no AWS region or credentials: {0}; name a --profile and a --region")]
    NoIdentity(String),
    /// The local stack's file cannot be used.
    #[error("cannot read {}: {detail}; `make up` writes it", path.display())]
    Stack {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

#[derive(Deserialize)]
struct LocalStack {
    endpoint_url: String,
    region: String,
    table: String,
    credentials: LocalCredentials,
}

#[derive(Deserialize)]
struct LocalCredentials {
    aws_access_key_id: String,
    aws_secret_access_key: String,
}

impl Place {
    /// The table of this deployment.
    ///
    /// # Errors
    /// [`PlaceError`] when none is named or the local stack's file cannot be used.
    pub async fn table(&self) -> Result<Table, PlaceError> {
        let (sdk, local) = self.sdk().await?;
        let name = local.or_else(|| self.table.clone()).ok_or(PlaceError::NoTable)?;
        Ok(Table::new(aws_sdk_dynamodb::Client::new(&sdk), &name))
    }

    /// Who asks AWS and where, as a function is told it.
    ///
    /// # Errors
    /// [`PlaceError`] when there is no region or nobody to ask as, or the local stack's file cannot be used.
    pub async fn aws(&self) -> Result<AwsConfig, PlaceError> {
        let (sdk, _) = self.sdk().await?;
        let missing = |what: &str| PlaceError::NoIdentity(what.to_owned());
        let region = sdk.region().ok_or_else(|| missing("no region"))?.to_string();
        let provider = sdk.credentials_provider().ok_or_else(|| missing("no credentials"))?;
        let known = provider.provide_credentials().await.map_err(|error| missing(&error.to_string()))?;
        let unfit = |_| missing("malformed credentials");
        let endpoint_url = sdk.endpoint_url().map(str::to_owned);
        Ok(AwsConfig {
            region,
            access_key_id: known.access_key_id().to_owned(),
            secret_access_key: Secret::parse(known.secret_access_key()).map_err(unfit)?,
            session_token: known.session_token().map(Secret::parse).transpose().map_err(unfit)?,
            sms_endpoint_url: endpoint_url.clone(),
            bedrock_endpoint_url: endpoint_url.clone(),
            endpoint_url,
        })
    }

    /// The usual AWS places, or the local stack with the name of its table.
    async fn sdk(&self) -> Result<(aws_config::SdkConfig, Option<String>), PlaceError> {
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(recoup_aws::http_client());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(aws_config::Region::new(region.clone()));
        }
        let mut table = None;
        if let Some(path) = &self.stack {
            let local = read(path)?;
            let LocalCredentials { aws_access_key_id: key, aws_secret_access_key: secret } =
                local.credentials;
            let credentials = aws_credential_types::Credentials::new(key, secret, None, None, "local stack");
            loader = loader
                .endpoint_url(local.endpoint_url)
                .region(aws_config::Region::new(local.region))
                .credentials_provider(credentials);
            table = Some(local.table);
        }
        Ok((loader.load().await, table))
    }
}

fn read(path: &PathBuf) -> Result<LocalStack, PlaceError> {
    let failed = |detail: String| PlaceError::Stack { path: path.clone(), detail };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}
