{{ config(enabled=var('adtap_openx', true)) }}
-- Each bucket holds what sync_days says, to the last digit. Without sync_days there is nothing to hold it against.
{{ adtaps.rows_against_days('openx') }}
