from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "closeknit.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from closeknit.kernel.scope import begin_with_scope

        connection_created.connect(begin_with_scope, dispatch_uid="closeknit.kernel.scope")
