{{ adtaps.ad_report('country', ['account', 'campaign'], month=true) }}
