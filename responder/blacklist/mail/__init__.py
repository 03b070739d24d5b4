"""mail - a mail that somebody reports: who sent it, what it advertises, and how much of that can be believed.

Pure: bytes in, values out.  Whatever is in the bytes, reading them raises
nothing and takes a time in proportion to how many they are.

    pasted      bytes as people paste them     -> the mail
    message     the mail                       -> Message: header fields, texts, attached mails
    received    a Received field               -> Hop: who gave the mail to whom
    border      Hops, and what is ours         -> which of them are believed
    feedback    reports of others (ARF, X-ARF) -> whom they accuse
    links       text and HTML                  -> URLs, domains, e-mail addresses
    exempt      what is not proposed
    candidates  what these name                -> Proposals
    proposals   all of it, from the bytes to the Findings
"""
