"""Signing in for scripts: a password for a token that expires, and a longer-lived one to renew it with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import update_last_login
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed as TokenRefused
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.signin import logins

from .fields import Text
from .strictness import BodySerializer

LONGEST_PASSWORD = 4096


class LoginSerializer(BodySerializer):
    """Who wants to sign in."""

    username = Text(max_length=150, help_text="A user of the admin who is staff.")
    password = Text(max_length=LONGEST_PASSWORD, trim_whitespace=False, help_text="The password.")


class RefreshSerializer(BodySerializer):
    """A token to be renewed with."""

    refresh_token = Text(max_length=4096, help_text="From the answer of the login.")


class TokensSerializer(serializers.Serializer):
    """What a signed-in user has."""

    access_token = serializers.CharField(help_text="To be sent as `Authorization: Bearer …`.")
    refresh_token = serializers.CharField(
        help_text="For POST /admin/login/refresh, for a day. A changed password ends it."
    )
    token_type = serializers.CharField(help_text="Always `bearer`.")
    expires_in = serializers.IntegerField(help_text="Seconds until access_token expires.")


class Open(APIView):
    """Whoever is here has nothing yet to show."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Login(Open):
    @extend_schema(summary="Sign in", request=LoginSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Gives a member of staff a token. Failures are counted and lock the name out for a while."""
        given = _validated(LoginSerializer, request)
        user = logins.sign_in(request, given["username"], given["password"])
        if user is None:
            raise AuthenticationFailed("The user name or the password is wrong.")
        update_last_login(type(user), user)
        return _tokens(RefreshToken.for_user(user))


class Refresh(Open):
    @extend_schema(summary="Renew an access token", request=RefreshSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Gives a new access token. The refresh token stays, and ends a day after the login."""
        given = _validated(RefreshSerializer, request)
        try:
            token = RefreshToken(given["refresh_token"])
            user: Any = JWTAuthentication().get_user(token)
        except (TokenError, TokenRefused):
            user = None
        if user is None or not user.is_staff:
            raise AuthenticationFailed("This refresh token has expired or was withdrawn. Sign in again.")
        return _tokens(token)


def _validated(serializer_class: type[serializers.Serializer], request: Request) -> Any:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _tokens(refresh: RefreshToken) -> Response:
    return Response(
        {
            "access_token": str(refresh.access_token),
            "refresh_token": str(refresh),
            "token_type": "bearer",
            "expires_in": settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
        },
        headers={"Cache-Control": "no-store"},
    )
