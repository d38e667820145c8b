-- Where the views' tables live. Each is made at start by the program that folds it, and can be thrown away and rebuilt.
create schema if not exists views;
