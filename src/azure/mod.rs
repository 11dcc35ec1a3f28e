//! Speaks to Azure DevOps; nothing else does.
