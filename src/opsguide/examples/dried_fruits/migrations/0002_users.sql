create table users (id integer primary key, email text not null unique, role text not null
  check (role in ('admin', 'clerk', 'viewer')), password text not null, is_active integer not null default 1,
  failed integer not null default 0, locked_until double precision not null default 0,
  last_login double precision not null default 0);
