//! The small ports: clock, tokens, secrets.

use jiff::Timestamp;
use recoup_app::ports::{Clock, SecretError, SecretName, Secrets, Tokens};
use recoup_core::{Secret, Token};

use crate::{Call, Memory};

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        let now = self.time();
        now.saturating_add(self.skew()).unwrap_or(now)
    }

    fn wall(&self) -> Timestamp {
        let ahead = self.world().wall_ahead;
        let now = self.now();
        now.saturating_add(ahead).unwrap_or(now)
    }
}

impl Tokens for Memory {
    fn token(&self) -> Token {
        let mut world = self.world();
        world.tokens += 1;
        let drawn = world.tokens;
        let name = world.token_of(self.lane()).unwrap_or_else(|| format!("t{drawn}"));
        Token::parse(&name).expect("letters and digits")
    }
}

impl Secrets for Memory {
    fn has(&self, name: SecretName) -> bool {
        self.world().secrets.contains_key(&name)
    }

    async fn secret(&self, name: SecretName) -> Result<Secret, SecretError> {
        let down = SecretError::Unavailable { name, detail: "injected".to_owned() };
        let read = |world: &mut crate::memory::World| world.secrets.get(&name).cloned().unwrap_or_default();
        let text = self.call(Call::Secret(name), down, read).await?;
        Secret::parse(&text).map_err(|unfit| SecretError::Unfit { name, rule: unfit.to_string() })
    }
}
