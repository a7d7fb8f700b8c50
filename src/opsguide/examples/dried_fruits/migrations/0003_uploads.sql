create table uploads (name text primary key, bytes integer not null, at double precision not null);
