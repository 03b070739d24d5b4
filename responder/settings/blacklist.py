"""blacklist - the table ``[blacklist]``."""

from responder.settings.mails import MailSettings


class BlacklistSettings(MailSettings):
    """The blacklist of this host."""
