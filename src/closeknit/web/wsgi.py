"""The WSGI application that granian serves. The environment must be prepared first (see web/boot.py)."""

import os

from django.core.wsgi import get_wsgi_application

from closeknit.web import calm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "closeknit.web.settings")
application = get_wsgi_application()
calm.keep_calm()
