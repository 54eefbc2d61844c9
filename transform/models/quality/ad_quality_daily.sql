-- One row for each stream, account and day from the first day that was read until the last one that is due.

with windows as (

  select * from {{ ref('int_sync_windows') }}

),

numbers as (

{{ adtaps.numbers() }}

),

due as (

  -- Hours after a day's end until the platform has it whole; a stream of one's own has its platform's longest.
  {%- for platform, streams in adtaps.streams().items() %}
    {%- set outer = loop %}
    {%- set longest = [0] %}
    {%- for stream, facts in streams.items() if facts.bucket and facts.bucket != 'hour' %}
      {%- do longest.append(facts.closing_hours) %}
  select '{{ platform }}' as platform, '{{ stream }}' as stream, {{ facts.closing_hours }} as closing_hours union all
    {%- endfor %}
  select '{{ platform }}' as platform, '' as stream, {{ longest | max }} as closing_hours {{ 'union all' if not outer.last }}
  {%- endfor %}

),

-- A window's part of each day that it touches.
pieces as (

  select
    w.platform,
    w.stream,
    w.account,
    {{ adtaps.add_days('cast(w.window_start as date)', 'n.n') }} as day,
    greatest(w.window_start, cast({{ adtaps.add_days('cast(w.window_start as date)', 'n.n') }} as {{ adtaps.type('utc') }})) as starts,
    least(w.window_end, cast({{ adtaps.add_days('cast(w.window_start as date)', 'n.n + 1') }} as {{ adtaps.type('utc') }})) as ends,
    w.data_state,
    w.ties,
    w.synced_at
  from windows w
  join numbers n
    on cast({{ adtaps.add_days('cast(w.window_start as date)', 'n.n') }} as {{ adtaps.type('utc') }}) < w.window_end

),

-- Pieces that touch or overlap are one stretch: a day is whole if its stretches hold all of its seconds.
ordered as (

  select
    *,
    max(ends) over (
      partition by platform, stream, account, day order by starts, ends
      rows between unbounded preceding and 1 preceding
    ) as reached
  from pieces

),

covered as (

  select
    platform,
    stream,
    account,
    day,
    sum(case when reached is null then {{ adtaps.seconds_between('starts', 'ends') }}
             when reached >= ends then 0
             else {{ adtaps.seconds_between('greatest(starts, reached)', 'ends') }} end) as seconds,
    count(distinct synced_at) as readings,
    min(synced_at) as first_read_at,
    max(synced_at) as last_read_at
  from ordered
  group by platform, stream, account, day

),

-- Of several readings of a stretch the latest counts; what it did not reach, the one before.
latest as (

  select
    p.platform,
    p.stream,
    p.account,
    p.day,
    min({{ adtaps.rank_of_state('p.data_state') }}) as state_rank,
    min(case when p.ties then 1 when not p.ties then 0 end) as ties_rank,
    count(*) as parts,
    count(p.ties) as parts_held
  from pieces p
  where not exists (
    select 1
    from pieces later
    where later.platform = p.platform
      and later.stream = p.stream
      and later.account = p.account
      and later.day = p.day
      and later.synced_at > p.synced_at
      and later.starts <= p.starts
      and later.ends >= p.ends
  )
  group by p.platform, p.stream, p.account, p.day

),

bounds as (

  select
    platform,
    stream,
    account,
    min(day) as first_day,
    max(day) as last_day
  from covered
  group by platform, stream, account

),

reach as (

  select
    b.*,
    coalesce(own.closing_hours, other.closing_hours, 0) as closing_hours,
    {{ adtaps.add_days('cast(' ~ adtaps.add_hours(adtaps.now(), '-coalesce(own.closing_hours, other.closing_hours, 0)') ~ ' as date)', '-1') }} as last_due
  from bounds b
  left join due own
    on own.platform = b.platform
    and own.stream = b.stream
  left join due other
    on other.platform = b.platform
    and other.stream = ''

),

days as (

  select
    r.platform,
    r.stream,
    r.account,
    {{ adtaps.add_days('r.first_day', 'n.n') }} as day,
    r.last_day,
    {{ adtaps.add_hours('cast(' ~ adtaps.add_days('r.first_day', 'n.n + 1') ~ ' as ' ~ adtaps.type('utc') ~ ')', 'r.closing_hours') }} as due_at
  from reach r
  join numbers n
    on {{ adtaps.add_days('r.first_day', 'n.n') }} <= greatest(r.last_day, r.last_due)

),

-- A day of an hourly stream is the sum of its buckets.
held as (

  select
    platform,
    stream,
    account,
    bucket,
    cast(bucket as date) as day,
    synced_at,
    row_count,
    data_state,
    digest,
    lag(digest) over (partition by platform, stream, account, bucket order by synced_at) as digest_before,
    lag(data_state) over (partition by platform, stream, account, bucket order by synced_at) as state_before,
    row_number() over (partition by platform, stream, account, bucket order by synced_at desc) as newest
  from {{ ref('int_sync_days') }}

),

-- What a running bucket held says nothing of a restatement.
restated as (

  select
    platform,
    stream,
    account,
    day,
    {{ adtaps.total('case when newest = 1 then row_count end', 'bigint') }} as row_count,
    max(case when digest <> digest_before and state_before <> 'partial' then synced_at end) as restated_at,
    -- A window's state is that of its latest bucket; here each bucket has its own.
    min(case when newest = 1 then {{ adtaps.rank_of_state('data_state') }} end) as state_rank,
    max(synced_at) as read_at
  from held
  group by platform, stream, account, day

)

select
  {{ adtaps.key(['d.platform', 'd.stream', 'd.account', 'd.day']) }} as quality_key,
  d.platform,
  d.stream,
  d.account,
  d.day,
  case
    when c.seconds is null or c.seconds < 86400 then
      case when d.due_at > {{ adtaps.now() }} then 'partial' else 'missing' end
    when r.read_at >= c.last_read_at then {{ adtaps.state_of_rank('r.state_rank') }}
    else {{ adtaps.state_of_rank('l.state_rank') }}
  end as state,
  d.day > d.last_day as is_after_last_reading,
  case when r.platform is not null then r.restated_at is not null end as is_restated,
  {{ adtaps.moment('r.restated_at') }} as restated_at,
  case
    when l.ties_rank = 0 then false
    when l.parts = l.parts_held then true
  end as ties,
  r.row_count,
  cast(coalesce(c.readings, 0) as {{ adtaps.type('bigint') }}) as readings,
  {{ adtaps.moment('c.first_read_at') }} as first_read_at,
  {{ adtaps.moment('c.last_read_at') }} as last_read_at,
  {{ adtaps.moment('d.due_at') }} as due_at
from days d
left join covered c
  on c.platform = d.platform
  and c.stream = d.stream
  and c.account = d.account
  and c.day = d.day
left join latest l
  on l.platform = d.platform
  and l.stream = d.stream
  and l.account = d.account
  and l.day = d.day
left join restated r
  on r.platform = d.platform
  and r.stream = d.stream
  and r.account = d.account
  and r.day = d.day
