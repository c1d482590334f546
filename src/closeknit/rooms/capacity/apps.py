from django.apps import AppConfig


class CapacityConfig(AppConfig):
    name = "closeknit.rooms.capacity"
    label = "capacity"
    default_auto_field = "django.db.models.BigAutoField"
