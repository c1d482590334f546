from django.apps import AppConfig


class SensingConfig(AppConfig):
    name = "closeknit.rooms.sensing"
    label = "sensing"
    default_auto_field = "django.db.models.BigAutoField"
