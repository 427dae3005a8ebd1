//! Rows of a list of parameters.

/// A row whose value is a plain field: `row!(settings type, name, stage, label, kind, field path, as kind, doc)`.
macro_rules! row {
    ($settings:ty, $name:literal, $stage:ident, $label:literal, switch, $($field:ident).+, $doc:literal) => {
        $crate::param::Param::<$settings> {
            name: $name,
            stage: $crate::param::Stage::$stage,
            label: $label,
            kind: $crate::param::ParamKind::Switch,
            doc: $doc,
            get: |settings| $crate::param::Value::Switch(settings.$($field).+),
            set: |settings, value| {
                if let $crate::param::Value::Switch(is_on) = value {
                    settings.$($field).+ = is_on;
                }
            },
        }
    };
    ($settings:ty, $name:literal, $stage:ident, $label:literal, $kind:expr, $($field:ident).+, $doc:literal) => {
        $crate::param::Param::<$settings> {
            name: $name,
            stage: $crate::param::Stage::$stage,
            label: $label,
            kind: $kind,
            doc: $doc,
            get: |settings| $crate::param::Value::Number(settings.$($field).+),
            set: |settings, value| {
                if let $crate::param::Value::Number(number) = value {
                    settings.$($field).+ = number;
                }
            },
        }
    };
}

pub(crate) use row;
