{{ config(enabled=var('adtap_atomx', true)) }}
-- Each window has as many rows as the ledger counted: none was doubled or deleted since.
{{ adtaps.rows_against_ledger('atomx') }}
