-- What PostgreSQL runs once, on a new volume: services are not its superuser.
\set password `cat /run/secrets/postgres/reelbus`
CREATE ROLE reelbus LOGIN PASSWORD :'password';
CREATE DATABASE reelbus OWNER reelbus;
