"""fail2ban_bans.py DATABASE BANS - have fail2ban's own code write BANS, a JSON list of [jail, address, since, seconds].

Runs in the system's Python with fail2ban's packages, not in the tests' environment.
"""

import json
import sys

from fail2ban.server.database import Fail2BanDb
from fail2ban.server.jail import Jail
from fail2ban.server.ticket import BanTicket

database = Fail2BanDb(sys.argv[1])
jails = {}
for name, address, since, seconds in json.loads(sys.argv[2]):
    if name not in jails:
        jails[name] = Jail(name, backend="polling", db=database)
        database.addJail(jails[name])
    ticket = BanTicket(address, since)
    ticket.setBanTime(seconds)
    database.addBan(jails[name], ticket)
database.close()
