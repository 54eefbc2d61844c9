{{ adtaps.ad_report('daily', ['account']) }}
