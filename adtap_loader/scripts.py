"""`target-adtap-duckdb` and `target-adtap-postgres`."""

from adtap_plugin.script import Script

duckdb = Script("target-adtap-duckdb", "adtap_loader.programs:duckdb")
postgres = Script("target-adtap-postgres", "adtap_loader.programs:postgres")
