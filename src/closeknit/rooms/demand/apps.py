from django.apps import AppConfig


class DemandConfig(AppConfig):
    name = "closeknit.rooms.demand"
    label = "demand"
    default_auto_field = "django.db.models.BigAutoField"
