"""export - listings into the files of those who use them: DNS servers, mail servers, filters, firewalls."""
