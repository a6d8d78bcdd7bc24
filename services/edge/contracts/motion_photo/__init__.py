"""The Motion Photo contract: `/prepare`, `/convert`, `/thumbnail`, `/cleanup`, `/preview`, `/health`."""
