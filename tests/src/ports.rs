//! The small ports: clock, tokens, secrets.

use jiff::Timestamp;
use recoup_app::ports::{Clock, SecretError, SecretName, Secrets, Tokens};
use recoup_core::{Secret, Token};

use crate::{Call, Memory};

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn wall(&self) -> Timestamp {
        let world = self.world();
        world.now.saturating_add(world.wall_ahead).unwrap_or(world.now)
    }
}

impl Tokens for Memory {
    fn token(&self) -> Token {
        let mut world = self.world();
        world.tokens += 1;
        Token::parse(&format!("t{}", world.tokens)).expect("letters and digits")
    }
}

impl Secrets for Memory {
    async fn secret(&self, name: SecretName) -> Result<Secret, SecretError> {
        let down = SecretError::Unavailable { name, detail: "injected".to_owned() };
        let read = |world: &mut crate::memory::World| world.secrets.get(&name).cloned().unwrap_or_default();
        let text = self.call(Call::Secret(name), down, read).await?;
        Secret::parse(&text).map_err(|unfit| SecretError::Unfit { name, rule: unfit.to_string() })
    }
}
