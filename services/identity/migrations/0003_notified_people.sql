-- Name, e-mail and language can be changed; notices go to whoever holds a role.
GRANT UPDATE (display_name, email, email_key, locale) ON people TO kubari_identity;
