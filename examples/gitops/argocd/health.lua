-- The health of ContainerRegistry, ImagePublication and RetentionPolicy for Argo CD: what kstatus says of them.
-- Suspended objects are Healthy: Argo CD lets a sync with waves wait for everything else, and nothing is going to happen.

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is_true(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local function health(name, condition)
  return { status = name, message = condition.reason .. ": " .. condition.message }
end

if status.observedGeneration ~= obj.metadata.generation then
  -- That follows when the first try ends: until then Reconciling tells of it.
  if is_true("Reconciling") and conditions.Reconciling.observedGeneration == obj.metadata.generation then
    return health("Progressing", conditions.Reconciling)
  end
  return { status = "Progressing", message = "Slipway has not seen this generation yet" }
end
if obj.spec.suspend == true then
  local what = "nothing is done"
  if obj.kind == "ContainerRegistry" then what = "it is not looked at, and publications to it go on" end
  return { status = "Healthy", message = "suspended: " .. what .. " until spec.suspend is false" }
end
if is_true("Stalled") then
  return health("Degraded", conditions.Stalled)
end
if is_true("Reconciling") then
  return health("Progressing", conditions.Reconciling)
end
if is_true("Ready") then
  return health("Healthy", conditions.Ready)
end
if conditions.Ready ~= nil then
  return health("Progressing", conditions.Ready)
end
return { status = "Progressing", message = "Slipway has seen it and not finished" }
