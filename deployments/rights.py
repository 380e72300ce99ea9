"""What each role may do with deployments and their data (portal.rights)."""

from portal.models import Role
from portal.rights import Opening, OpenTo, Right

RIGHTS = (
    Right("See deployments with their addresses, limits and stored data", Role.READ,
          "GET deployments:overview deployments:upstream deployments:data deployments:preset deployments-api:deployment"
          " deployments-api:usage deployments-api:settings"),
    Right("Compare two deployments", Role.READ, "GET deployments:compare deployments-api:compare"),
    Right("See the background work of a deployment", Role.READ, "GET deployments-api:jobs deployments-api:job"),
    Right("See installed implementation guides", Role.READ, "GET deployments:guides deployments-api:guides"),
    Right("Start and stop deployments, try failed work again", Role.WRITE,
          "POST deployments:start deployments:stop deployments:retry deployments-api:start deployments-api:stop"
          " deployments-api:retry"),
    Right("Load data: data sets and files", Role.WRITE,
          "GET deployments:upload deployments-api:upload PATCH deployments:upload deployments-api:upload"
          " POST deployments:load_preset deployments:import deployments:uploads deployments-api:preset-load"
          " deployments-api:uploads deployments-api:imports"),
    Right("Export data, and fetch the files of a job", Role.WRITE,
          "GET deployments:job_file deployments-api:job-files deployments-api:job-file"
          " POST deployments:export deployments-api:exports"),
    Right("Cancel background work", Role.WRITE, "POST deployments:cancel_job deployments-api:job-cancel"),
    Right("Change a deployment's size, service level, limits, origins, maintenance message and credential for a connected server",
          Role.ADMIN,
          "GET deployments:settings"
          " POST deployments:service_level deployments:access deployments:size deployments:limits"
          " deployments:upstream_credential"
          " PATCH deployments-api:deployment deployments-api:settings"),
    Right("Take settings over from another deployment", Role.ADMIN,
          "POST deployments:take_over deployments-api:take-over"),
    Right("Install and remove implementation guides, and say what writes must meet", Role.ADMIN,
          "POST deployments:guides_install deployments:guides_remove deployments:guides_index deployments:guides_writes"
          " deployments-api:guides deployments-api:reindex PATCH deployments-api:guides DELETE deployments-api:guide"),
    Right("Create deployments", Role.ADMIN, "GET deployments:new deployments:step POST deployments:step"),
    Right("Clear a deployment's data, and delete deployments", Role.ADMIN,
          "POST deployments:clear deployments:delete deployments-api:clear DELETE deployments-api:deployment"),
)  # fmt: skip

OPENINGS = (
    Opening("Lists hold only what the person may see; what is made, is made in a tenant where the role allows it",
            OpenTo.SIGNED_IN,
            "GET deployments:list deployments-api:deployments POST deployments-api:deployments"),
    Opening("What can be chosen is the same for all", OpenTo.SIGNED_IN,
            "GET deployments-api:sizes deployments-api:regions deployments-api:presets"),
    Opening("The installation is its operator's", OpenTo.OPERATOR,
            "GET operator:regions operator:jobs POST operator:regions operator:job-cancel operator:job-retry"),
)  # fmt: skip
