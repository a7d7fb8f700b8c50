create table products (id integer primary key, name text not null unique, stock integer not null check (stock >= 0),
  low integer not null);
create table customers (id integer primary key, email text not null unique, name text not null);
create table orders (id bigint primary key, product integer not null references products (id),
  quantity integer not null check (quantity > 0), customer integer not null references customers (id),
  at double precision not null);
insert into customers (id, email, name) values (1, 'customer@shop.test', 'A. Customer'), (2, 'cafe@shop.test', 'Café');
