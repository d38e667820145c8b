namespace Events.Host.Control;

/// <summary>One feature's addresses below <c>/control</c>; the group lets only the data folder's owner in.</summary>
internal interface IControlRoutes
{
    void Map(RouteGroupBuilder control);
}
