{{ adtaps.ad_report('ad_group', ['account', 'campaign', 'ad_group']) }}
