"""The moved clock: real time plus the seconds a text file holds."""

import logging
import math
import time

logger = logging.getLogger("overlay")


class Clock:
    """Reads the offset file on each use, so that writing the file moves the clock at once."""

    def __init__(self, path):
        self._path = path
        self._last = 0.0

    def offset(self):
        """Returns the offset in seconds: 0 without a file, the last good value while it holds no number."""
        if self._path is None:
            return 0.0
        try:
            with open(self._path, encoding="ascii") as file:
                text = file.read().strip()
        except FileNotFoundError:
            self._last = 0.0
            return self._last
        except (OSError, UnicodeDecodeError):
            return self._last
        # A writer that does not rename is seen between truncating and writing: empty is not zero.
        if text:
            try:
                seconds = float(text)
            except ValueError:
                seconds = math.nan
            if math.isfinite(seconds):
                self._last = seconds
            else:
                logger.warning("clock file holds no number of seconds, keeping %s", self._last)
        return self._last

    def now(self):
        """Returns the moved time in seconds since the epoch."""
        return time.time() + self.offset()
