"""Site energy: how much, when and in which direction, for every outlet of a site. Pure: values in, values out.

Power is in W and + into the site, the vehicle and the battery everywhere; currents likewise. Moments of plans, prices and forecasts are
seconds since the epoch (UTC); what keeps a limit at this second counts in monotonic seconds.
"""
