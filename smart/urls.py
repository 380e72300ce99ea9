"""Under /auth/<Deployment ID>/."""

from django.urls import path

from smart.views import authorize, device, interaction, metadata, person, register, tokens

app_name = "smart"
urlpatterns = [
    path("<str:deployment_id>/authorize", authorize.authorize, name="authorize"),
    path("<str:deployment_id>/token", tokens.token, name="token"),
    path(
        "<str:deployment_id>/device_authorization", device.device_authorization, name="device-authorization"
    ),
    path("<str:deployment_id>/device", device.enter_code, name="device"),
    path("<str:deployment_id>/introspect", tokens.introspect, name="introspect"),
    path("<str:deployment_id>/revoke", tokens.revoke, name="revoke"),
    path("<str:deployment_id>/userinfo", tokens.userinfo, name="userinfo"),
    path("<str:deployment_id>/register", register.register, name="register"),
    path("<str:deployment_id>/jwks", metadata.jwks, name="jwks"),
    path(
        "<str:deployment_id>/.well-known/openid-configuration", metadata.configuration, name="configuration"
    ),
    path("<str:deployment_id>/go/<str:name>/", interaction.interaction, name="interaction"),
    path("<str:deployment_id>/go/<str:name>/sign-in/", interaction.sign_in_page, name="sign-in"),
    path("<str:deployment_id>/go/<str:name>/patient/", interaction.patient_page, name="patient"),
    path("<str:deployment_id>/go/<str:name>/encounter/", interaction.encounter_page, name="encounter"),
    path("<str:deployment_id>/go/<str:name>/consent/", interaction.consent_page, name="consent"),
    path("<str:deployment_id>/apps/", person.apps, name="apps"),
    path("<str:deployment_id>/apps/<int:application_id>/disconnect/", person.disconnect, name="disconnect"),
    path("<str:deployment_id>/sign-out/", person.leave, name="sign-out"),
    path("<str:deployment_id>/logout", person.logout, name="logout"),
    path(
        "<str:deployment_id>/password/<int:user_id>/<str:token>/", person.choose_password, name="set-password"
    ),
]
