namespace Events.JsonRpc;

internal static class Placeholder;
