{{ adtaps.ad_report('ad', ['account', 'campaign', 'ad_group', 'ad']) }}
