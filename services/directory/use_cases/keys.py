"""The two secrets of the directory: whose sign-in is whose, and how contact details are sealed; it logs neither."""

from dataclasses import dataclass, field
from typing import Self

from shared.platform.members import sign_in_key
from shared.platform.seal import ContactsKey
from shared.platform.settings import PlatformSettings, Problem, SettingsRefused


@dataclass(frozen=True)
class Keys:
    """What a use case needs to make people known to other services without naming them."""

    contacts: ContactsKey
    sign_in_secret: str = field(repr=False)

    @classmethod
    def of(cls, settings: PlatformSettings) -> Self:
        """The keys in a process's settings; raises SettingsRefused where it was not given one."""
        try:
            contacts = ContactsKey.from_base64(settings.contacts_key.get_secret_value())
        except ValueError as error:
            sentence = f"{error}: contact details travel under seal."
            raise SettingsRefused([Problem("missing_contacts_key", sentence)]) from None
        return cls(contacts, settings.sign_in_secret.get_secret_value())

    def sign_in_key(self, external_id: str, mail_domain: str) -> str:
        """By what every service recognizes this person's sign-in."""
        return sign_in_key(self.sign_in_secret, f"{external_id}@{mail_domain}")
