from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "closeknit.web"
    label = "web"

    def ready(self) -> None:
        from closeknit.web import wiring

        wiring.install()
