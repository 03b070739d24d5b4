"""A Received field of every usual server gives the client's address from where that server writes it alone."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.blacklist.mail.received import Hop, read


class Case(NamedTuple):
    what: str
    line: str
    address: str
    helo: str
    rdns: str
    by: str
    protocol: str


DATE = "Fri, 17 Jul 2026 03:12:45 +0200"
INSTANT = 1784250765.0

CASES = [
    Case(
        "postfix",
        "from client.test (host7.isp.example [203.0.113.7])\n\tby mx.example.org (Postfix) with ESMTP id 4YQk8v2b\n"
        f"\tfor <user@example.org>; {DATE} (CEST)",
        "203.0.113.7", "client.test", "host7.isp.example", "mx.example.org", "ESMTP",
    ),
    Case(
        "postfix over TLS with a login",
        "from laptop (unknown [IPv6:2001:db8::7])\n"
        "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
        "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n"
        "\t(No client certificate requested)\n\t(Authenticated sender: alice)\n"
        f"\tby mx.example.org (Postfix) with ESMTPSA id 4YQk8v2b; {DATE} (CEST)",
        "2001:db8::7", "laptop", "unknown", "mx.example.org", "ESMTPSA",
    ),
    Case(
        "postfix, an address literal in HELO",
        f"from [198.51.100.1] (unknown [203.0.113.7]) by mx.example.org (Postfix) with SMTP id 4Y; {DATE}",
        "203.0.113.7", "[198.51.100.1]", "unknown", "mx.example.org", "SMTP",
    ),
    Case(
        "exim, the name is proven",
        "from host7.isp.example ([203.0.113.7]:40112 helo=client.test)\n\tby mx.example.org with esmtps  (TLS1.3) tls "
        "TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\t(envelope-from <x@spam.example>)\n\tid 1wJ2x3-0004bC-2a\n"
        f"\tfor user@example.org;\n\t{DATE}",
        "203.0.113.7", "client.test", "host7.isp.example", "mx.example.org", "esmtps",
    ),
    Case(
        "exim, HELO is the name",
        f"from client.test ([203.0.113.7])\n\tby mx.example.org with esmtp (Exim 4.96)\n\tid 1wJ2x3; {DATE}",
        "203.0.113.7", "client.test", "", "mx.example.org", "esmtp",
    ),
    Case(
        "exim, no name, HELO and ident",
        "from [203.0.113.7] (port=40112 helo=[198.51.100.1] ident=root)\n\tby mx.example.org with smtp (Exim 4.96)\n"
        f"\tid 1wJ2x3; {DATE}",
        "203.0.113.7", "[198.51.100.1]", "", "mx.example.org", "smtp",
    ),
    Case(
        "exim, no name and no HELO",
        f"from [203.0.113.7]\n\tby mx.example.org with smtp (Exim 4.96)\n\tid 1wJ2x3; {DATE}",
        "203.0.113.7", "", "", "mx.example.org", "smtp",
    ),
    Case(
        "sendmail",
        "from client.test (host7.isp.example [203.0.113.7] (may be forged))\n"
        "\tby mx.example.org (8.17.1/8.17.1/Debian-2) "
        f"with ESMTP id 66H1Cj8q004711\n\tfor <user@example.org>; {DATE}",
        "203.0.113.7", "client.test", "host7.isp.example", "mx.example.org", "ESMTP",
    ),
    Case(
        "sendmail, ident and no name",
        f"from client.test (nobody@[IPv6:2001:db8::7])\n\tby mx.example.org (8.17.1/8.17.1) with SMTP id 66H; {DATE}",
        "2001:db8::7", "client.test", "", "mx.example.org", "SMTP",
    ),
    Case(
        "qmail",
        "from unknown (HELO client.test) (203.0.113.7)\n  by mx.example.org with SMTP; 17 Jul 2026 01:12:45 -0000",
        "203.0.113.7", "client.test", "unknown", "mx.example.org", "SMTP",
    ),
    Case(
        "qmail, ident names somebody else",
        "from host7.isp.example (HELO x) (198.51.100.1@203.0.113.7)\n"
        "  by mx.example.org with SMTP; 17 Jul 2026 01:12:45 -0000",
        "203.0.113.7", "x", "host7.isp.example", "mx.example.org", "SMTP",
    ),
    Case(
        "exchange",
        "from client.test (203.0.113.7) by mx.example.org\n (192.0.2.25) with Microsoft SMTP Server (version=TLS1_2,\n"
        f" cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1118.40 via Frontend\n Transport; {DATE}",
        "203.0.113.7", "client.test", "", "mx.example.org", "Microsoft SMTP Server",
    ),
    Case(
        "exchange, an address literal in HELO",
        f"from [198.51.100.1] (203.0.113.7) by mx.example.org (192.0.2.25) with Microsoft SMTP Server id 15.2; {DATE}",
        "203.0.113.7", "[198.51.100.1]", "", "mx.example.org", "Microsoft SMTP Server",
    ),
    Case(
        "gmail",
        "from client.test (host7.isp.example. [203.0.113.7])\n        by mx.google.com with ESMTPS id "
        "d2e1a72fcca58-7a1b2c3d4e5si1234567b3a.12.2026.07.16.18.12.45\n        for <user@gmail.com>\n"
        "        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\n"
        "        Thu, 16 Jul 2026 18:12:45 -0700 (PDT)",
        "203.0.113.7", "client.test", "host7.isp.example", "mx.google.com", "ESMTPS",
    ),
    Case(
        "dovecot's LMTP over TCP",
        "from mx.example.org ([203.0.113.7])\n\tby imap.example.org with LMTP\n\tid kGHvJ0gxWGb1VQAAWNNmTA\n"
        f"\t(envelope-from <x@spam.example>)\n\tfor <user@example.org>; {DATE}",
        "203.0.113.7", "mx.example.org", "", "imap.example.org", "LMTP",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_a_hop_is_read_as_its_server_writes_it(case: Case) -> None:
    hop = read(case.line)

    assert (hop.way, str(hop.address)) == ("network", case.address)
    assert (hop.helo, hop.rdns, hop.by, hop.protocol) == case[3:]
    assert hop.time == INSTANT


@pytest.mark.parametrize(
    ("line", "way", "by"),
    [
        (f"from mx.example.org by imap.example.org with LMTP id kGHvJ0g; {DATE}", "local", "imap.example.org"),
        (f"from mx ([unix socket]) by imap.example.org (Cyrus 3.6.1) with LMTPA; {DATE}", "local", "imap.example.org"),
        ("(qmail 31106 invoked from network); 17 Jul 2026 01:12:45 -0000", "queue", ""),
        ("(qmail 31106 invoked by alias); 17 Jul 2026 01:12:45 -0000", "queue", ""),
        ("(qmail 31106 invoked by uid 33); 17 Jul 2026 01:12:45 -0000", "program", ""),
        (f"by mx.example.org (Postfix, from userid 33) id 4YQk8v2b; {DATE}", "program", "mx.example.org"),
        (f"(from root@localhost) by mx.example.org (8.17.1/8.17.1/Submit) id 66H; {DATE}", "program", "mx.example.org"),
        (f"from www-data by mx.example.org with local (Exim 4.96) id 1wJ2x3; {DATE}", "program", "mx.example.org"),
        (f"from client.test by mx.example.org with SMTP; {DATE}", "unclear", "mx.example.org"),
    ],
)
def test_a_mail_that_came_from_no_address_says_how_it_came(line: str, way: str, by: str) -> None:
    hop = read(line)

    assert (hop.way, hop.by, hop.address) == (way, by, None)


@pytest.mark.parametrize(
    "line",
    [
        "from x (y [198.51.100.1]) (unknown [203.0.113.7]) by mx.example.org with SMTP; now",
        "from [198.51.100.1] (helo=x) (unknown [203.0.113.7]) by mx.example.org with SMTP; now",
        "from x (198.51.100.1) (203.0.113.7) by mx.example.org with SMTP; now",
        "from x (HELO y) (z) (203.0.113.7) by mx.example.org with SMTP; now",
        "from a b c [198.51.100.1] by mx.example.org with SMTP; now",
        "from x (y [198.51.100.999]) by mx.example.org with SMTP; now",
        "from x (y [198.51.100.1])",
        "",
        ";",
    ],
)
def test_a_field_that_can_be_read_in_two_ways_blames_nobody(line: str) -> None:
    """Where a server lets HELO have blanks and parentheses, the real address stands behind another."""
    assert read(line).address is None


# Postfix writes a question mark for whatever is none of these in what a client says of itself.
_HELO = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='<>()\\";@'), min_size=1, max_size=80
) | st.sampled_from(["[198.51.100.1]", "by", "from", "helo=198.51.100.1", "[IPv6:2001:db8::1]", "198.51.100.1"])


@given(_HELO, st.text(max_size=200))
def test_no_helo_frames_anybody(helo: str, after: str) -> None:
    """Nor whatever a client can make stand behind the address."""
    for line in (
        f"from {helo} (unknown [203.0.113.7]) by mx.example.org (Postfix) with SMTP id 4Y for <{after}>; {DATE}",
        f"from [203.0.113.7] (helo={helo}) by mx.example.org with smtp (Exim 4.96) (envelope-from <{after}>); {DATE}",
        f"from unknown (HELO {helo}) (203.0.113.7) by mx.example.org with SMTP; {after}",
        f"from {helo} (203.0.113.7) by mx.example.org (192.0.2.25) with Microsoft SMTP Server id {after}",
    ):
        assert str(read(line).address) == "203.0.113.7"


_WORDS = """\
from|by|with|(|)|[|]|203.0.113.7|198.51.100.1|helo=|HELO|ident=|;|@|IPv6:|2001:db8::7|x|mx.example.org|LMTP|port=1
|qmail 1 invoked|[203.0.113.7]|(unknown [203.0.113.7])|unix socket"""
_PIECES = st.sampled_from((*_WORDS.split("|"), " ", " ", "\n\t", DATE))


@given(st.lists(_PIECES | st.text(max_size=5), max_size=60).map("".join))
def test_whatever_a_field_holds_it_is_read(value: str) -> None:
    """It reads the same the second time, and an address is one that is written there."""
    hop = read(value)

    assert isinstance(hop, Hop)
    assert read(hop.line)._replace(time=hop.time) == hop
    assert hop.address is None or str(hop.address) in value.lower() or hop.address.family == 6
    assert (hop.way == "network") is (hop.address is not None)
