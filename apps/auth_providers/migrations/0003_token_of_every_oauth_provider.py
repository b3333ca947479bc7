"""Every `oauth` provider has a token row from its first moment, however inserted."""

from __future__ import annotations

from django.db import migrations

CREATE = """
CREATE FUNCTION auth_providers_add_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO auth_providers_oauthtoken (provider_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER auth_providers_add_token AFTER INSERT ON auth_providers_authprovider
    FOR EACH ROW WHEN (NEW.type = 'oauth') EXECUTE FUNCTION auth_providers_add_token();
INSERT INTO auth_providers_oauthtoken (provider_id)
    SELECT id FROM auth_providers_authprovider WHERE type = 'oauth';
"""
DROP = """
DROP TRIGGER auth_providers_add_token ON auth_providers_authprovider;
DROP FUNCTION auth_providers_add_token();
"""


class Migration(migrations.Migration):
    dependencies = [("auth_providers", "0002_oauth_tokens")]
    operations = [migrations.RunSQL(CREATE, DROP)]
