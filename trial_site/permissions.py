"""Who may open the pages that belong to no room: login, health, the protocol, preferences."""

from trial_site.access import ANYONE, Methods
from trial_site.roles import PEOPLE

BOTH: Methods = {"GET": PEOPLE, "POST": PEOPLE}

PAGES: dict[str, Methods | None] = {
    "health-live": ANYONE,
    "health-ready": ANYONE,
    "protocol": {"GET": PEOPLE},
    "theme": ANYONE,
    "set_language": ANYONE,
    "account_login": ANYONE,
    "account_logout": BOTH,
    "account_reauthenticate": BOTH,
    "account_change_password": BOTH,
    "mfa_authenticate": ANYONE,
    "mfa_reauthenticate": BOTH,
    "mfa_index": {"GET": PEOPLE},
    "mfa_activate_totp": BOTH,
    "mfa_deactivate_totp": BOTH,
    "mfa_generate_recovery_codes": BOTH,
    "mfa_view_recovery_codes": {"GET": PEOPLE},
    "mfa_download_recovery_codes": {"GET": PEOPLE},
}
