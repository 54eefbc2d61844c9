"""The SDK's plugins with our way of reading variables. Touches private parts of singer-sdk 0.54, all of them here."""

import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from adtap_plugin.origins import Given, Origins, why_unread
from adtap_plugin.redact import guard_logging, learn_settings
from adtap_plugin.variables import (
    odd_variables,
    own_environment,
    read_settings,
    unknown_settings,
    working_directory,
)

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase

    Base = PluginBase
else:
    Base = object

log = logging.getLogger("adtaps.settings")


class FromVariables(Base):
    """A plugin whose settings may come from variables, and whose logs show no secret; named before the SDK's class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not any(isinstance(one, _SdkLines) for one in self.logger.filters):
            self.logger.addFilter(_SdkLines())
        guard_logging()
        schema = self._all_settings()
        given = kwargs.get("config")
        self._files = given.files if isinstance(given, Given) else {}
        self._reads_variables = bool(kwargs.get("parse_env_config"))
        if isinstance(given, Mapping):
            learn_settings(given, schema)
        super().__init__(*args, **kwargs)
        learn_settings(self.config, schema)

    def origin_words(self, message: str) -> str:
        """Return what to add to a message about credentials: where the settings that it names came from."""
        origins = Origins(
            self.name,
            self._all_settings(),
            self.config,
            files=self._files,
            reads_variables=self._reads_variables,
        )
        return origins.words(message)

    @classmethod
    @override
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        parse = super().cb_config
        given, is_env = Given({}, {}), False
        for path in dict.fromkeys(value):
            try:
                read = parse(ctx, param, (path,))
            except (OSError, ValueError, TypeError) as error:
                raise cls.file_fault(f"--config {path}: {why_unread(error)}") from error
            given.update(read.config)
            given.files.update(dict.fromkeys(read.config, path))
            is_env = is_env or read.parse_env
        return _ConfigInput(config=given, parse_env=is_env)

    @classmethod
    def file_fault(cls, line: str) -> Exception:
        """Return the error of a settings file that can't be read, which ends the program with one line."""
        return click.ClickException(line)

    @classproperty
    @override
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - a property of the class
        dotenv = working_directory()
        for number in dotenv.broken:
            log.warning("%s: line %d can't be read (are its quotes closed?)", dotenv.path, number)
        schema = cls._all_settings()
        found = read_settings(cls.name, schema, own_environment(), dotenv)
        learn_settings(found.values, schema)
        # The rest of the file, a proxy's address for one, is for this process too, as it is under Meltano.
        dotenv.fill(os.environ)
        log.info("%s", found.summary)
        return dict(found.values)

    @classmethod
    def _all_settings(cls) -> dict[str, Any]:
        schema: dict[str, Any] = cls.config_jsonschema
        cls.append_builtin_config(schema)
        return schema

    @classmethod
    def warn_of_settings(cls, given: Iterable[str]) -> None:
        """Log each setting that was given and that this plugin does not have, whatever it was meant to do."""
        for line in unknown_settings(given, cls._all_settings()).values():
            log.warning("%s", line)

    @classmethod
    def warn_of_variables(cls) -> None:
        """Log each variable that looks like a setting of this plugin and is none, or is one and can't be used."""
        for line in odd_variables(cls.name, cls._all_settings()):
            log.warning("%s", line)


class _SdkLines(logging.Filter):
    """Drops the SDK's two lines about whether variables are read: ours says which were."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).endswith("env var settings...") and not str(
            record.msg
        ).startswith("Parsing env var for")
